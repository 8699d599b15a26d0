export { Authority } from './authority.ts';
export { bundleFiles } from './bundle.ts';
export { joinFleet, renewOver } from './enrol.ts';
export { type EnrolmentServer, serveEnrolment } from './enrolment-server.ts';
export type { Registered } from './register.ts';
export { type Kind, kinds, type Subject, subjectText } from './subject.ts';
export { Tokens, tokenText } from './tokens.ts';
