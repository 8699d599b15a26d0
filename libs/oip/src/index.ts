export type { OipAnswer, OipBackend, OipCall, OipWork } from './backend.ts';
export { inferRequestOf, type RemoteModel } from './client/infer-request.ts';
export { figureOf, outputsOf } from './client/infer-response.ts';
export { fitInterface, type InterfaceNames, type TensorInterface } from './client/interface-fit.ts';
export { joinElements, splitElements } from './bytes-elements.ts';
export { type Datatype, datatypeOf, datatypes, isDatatype } from './datatypes.ts';
export { familyModel, fits, type ModelVariant, type OipModel, pictureName, variantModel } from './model.ts';
export { type OipServiceOptions, oipService } from './service.ts';
