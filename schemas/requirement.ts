/** What `require` in headswap.yaml may name: every face that is used has to have it. */
export const REQUIREMENTS = ['consent'] as const;
export type Requirement = (typeof REQUIREMENTS)[number];
