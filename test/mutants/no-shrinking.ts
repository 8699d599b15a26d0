import fc from 'fast-check';

// That a property fails is all that is asked of a mutant: finding the smallest case can take minutes.
fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true });
