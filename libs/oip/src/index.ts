export type { OipAnswer, OipBackend, OipCall, OipWork } from './backend.ts';
export { joinElements, splitElements } from './bytes-elements.ts';
export { type Datatype, datatypeOf, datatypes, isDatatype } from './datatypes.ts';
export { familyModel, type ModelVariant, type OipModel, pictureName, variantModel } from './model.ts';
export { type OipServiceOptions, oipService } from './service.ts';
