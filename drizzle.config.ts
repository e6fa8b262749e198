import { defineConfig } from 'drizzle-kit';

/** Only for generating migrations (`npm run schema:generate`); at run time `src/store/migrate.ts` applies them. */
export default defineConfig({ dialect: 'postgresql', schema: './src/store/schema.ts', out: './migrations' });
