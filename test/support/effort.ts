/**
 * How many random examples a property is tried on. Each run of the tests takes others, so that few are enough there;
 * with TOCSIN_EFFORT=10 it takes ten times as many, as in a soak.
 */
export const effort = (examples: number): number => examples * Number(process.env.TOCSIN_EFFORT ?? 1);
