// Ten thousand lanes, and 25 rounds of nudges of which none may be lost.
process.env.TOCSIN_EFFORT = '5';
await import('../queue/relay.test.js');

export {};
