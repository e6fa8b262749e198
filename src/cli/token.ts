import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { hashOfToken, type Scope } from '#web/auth.js';
import { Usage, type Verb } from './verb.js';
import { withCore } from './with-core.js';

const SCOPES: Scope[] = ['read', 'write', 'admin'];

/** `tocsin token create`: stdout holds the token and a newline, this once; only its hash is kept. */
export const token: Verb = {
  form: 'token create --name NAME [--scope read|write|admin] [--private]',
  help: 'make an API token',
  async run(args, io) {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: { name: { type: 'string' }, scope: { type: 'string' }, private: { type: 'boolean' } },
    });
    if (positionals.length !== 1 || positionals[0] !== 'create')
      throw new Usage('tokens are made with `token create`');
    const { name = '', scope = 'read' } = values;
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
      throw new Usage('give it a name of letters, digits, dots and dashes: `--name status-board`');
    }
    if (!SCOPES.includes(scope as Scope)) throw new Usage(`“${scope}” is not a scope`);
    const secret = `toc_${randomBytes(32).toString('base64url')}`;
    return withCore(io, async (core) => {
      const made = await core.store.tokens.create({
        team: await core.team(),
        name,
        hash: hashOfToken(secret),
        scope: scope as Scope,
        private: values.private ?? false,
      });
      if (!made) {
        io.err(`There is a token called ${name} already. Choose another name.\n`);
        return 1;
      }
      io.out(`${secret}\n`);
      return 0;
    });
  },
};
