import { describe, expect, it } from 'vitest';
import { type TestReport, summarise } from './summary.ts';

const report = (passed: number, failed: number): TestReport => ({
  numPassedTests: passed,
  numFailedTests: failed,
  testResults: [
    {
      name: 'a.spec.ts',
      assertionResults: [
        ...Array.from({ length: passed }, () => ({ status: 'passed', fullName: 'works' })),
        ...Array.from({ length: failed }, () => ({ status: 'failed', fullName: 'breaks' })),
      ],
    },
  ],
});
const task = (projectName: string, target: string, status: number) => ({ projectName, target, status });
const count = (
  tasks: ReturnType<typeof task>[],
  reports: Record<string, TestReport> = {},
  nxFailed = false,
) => {
  const { passed, failed } = summarise({ tasks, report: (project) => reports[project], nxFailed });
  return [passed, failed];
};

describe('summarise', () => {
  it('counts each spec and each check', () => {
    expect(count([task('weir', 'lint', 0), task('a', 'test', 0)], { a: report(5, 0) })).toEqual([6, 0]);
    expect(count([task('weir', 'lint', 1), task('a', 'test', 1)], { a: report(5, 2) }, true)).toEqual([5, 3]);
  });

  it.each([
    ['a project that crashed outside its specs', [task('a', 'test', 1)], { a: report(4, 0) }, [4, 1]],
    ['a project without a report', [task('a', 'test', 0)], {}, [0, 1]],
    ['nx failing by itself', [task('weir', 'lint', 0)], {}, [1, 1]],
  ])('counts as a failure: %s', (_what, tasks, reports, expected) => {
    expect(count(tasks, reports as Record<string, TestReport>, true)).toEqual(expected);
  });

  it('names what failed, with the first line of why', () => {
    const failed: TestReport = {
      numPassedTests: 0,
      numFailedTests: 1,
      testResults: [
        {
          name: 'a.spec.ts',
          assertionResults: [
            {
              status: 'failed',
              fullName: 'breaks',
              failureMessages: ['expected 1 to be 2\n    at a.spec.ts:3'],
            },
          ],
        },
      ],
    };
    const { notes } = summarise({
      tasks: [task('a', 'test', 1), task('weir', 'lint', 1)],
      report: () => failed,
      nxFailed: true,
    });
    expect(notes).toEqual(['failed: a › breaks: expected 1 to be 2', 'failed: lint']);
  });
});
