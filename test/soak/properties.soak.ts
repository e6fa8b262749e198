// Files of properties, with more examples than there is time for in every run. Imported here, their tests are ours.
process.env.TOCSIN_EFFORT = '5';

await import('../domain/command/parse-records.test.js');
await import('../domain/command/time-properties.test.js');
await import('../domain/verify.test.js');
await import('../render/fidelity.test.js');
await import('../runbooks/actions/keys-rotate.test.js');
await import('../runbooks/definition.test.js');
await import('../runbooks/schedule.test.js');
await import('../runbooks/scrub.test.js');
await import('../slack/run-blocks.test.js');

export {};
