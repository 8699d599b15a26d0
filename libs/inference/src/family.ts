/** What a family is, for who runs no model: nothing here loads a runtime. */
export { describeFamily, expectedAccuracy } from './catalogue/manifest.ts';
export { identityOf } from './catalogue/identity.ts';
