import { mutantsOf } from '../mutant.ts';

export const deviceAgent = mutantsOf('apps/device-agent/src/truth', [
  {
    title: 'the oldest answer with an id is meant',
    file: 'answer-memory.ts',
    find: 'this.#answers.delete(requestId);',
    replace: 'if (this.#answers.has(requestId)) return;',
  },
  {
    title: 'an answer under a repeated id keeps its place among the oldest',
    file: 'answer-memory.ts',
    find: 'this.#answers.delete(requestId);',
    replace: '',
  },
  {
    title: 'answers are kept without limit',
    file: 'answer-memory.ts',
    find: 'this.#answers.size <= this.#limit && !this.#expired(at)',
    replace: '!this.#expired(at)',
  },
  {
    title: 'answers are kept until there are too many, however old',
    file: 'answer-memory.ts',
    find: 'this.#answers.size <= this.#limit && !this.#expired(at)',
    replace: 'this.#answers.size <= this.#limit',
  },
  {
    title: 'a truth is never too late',
    file: 'answer-memory.ts',
    find: '!remembered || this.#expired(remembered.at)',
    replace: '!remembered',
  },
  {
    title: 'one truth counts as often as it is told',
    file: 'answer-memory.ts',
    find: 'remembered.answer = undefined;',
    replace: '',
  },
  {
    title: 'an unknown label counts as a wrong answer',
    file: 'truths.ts',
    find: 'this.#labels.has(label)',
    replace: 'label.length > 0',
  },
  {
    title: 'the promise of all answers stands beside the right ones',
    file: 'truths.ts',
    find: 'this.#promised += answer.promised;',
    replace: 'this.#promised += answer.label === label ? answer.promised : 0;',
  },
  {
    title: 'the last look stands for the first',
    file: 'truths.ts',
    find: 'answer.firstLabel === label',
    replace: 'answer.label === label',
  },
  {
    title: 'answers are remembered by whatever a worker calls them',
    file: 'truths.ts',
    find: "this.#labels.has(said) ? said : ''",
    replace: 'said',
  },
  {
    title: 'a truth more than the limit is taken',
    file: 'truths.ts',
    find: 'violations.throwIfAny();\n    return',
    replace: 'return',
  },
]);
