/** One task as nx tells of it in run.json. */
export interface TaskResult {
  readonly target: string;
  readonly projectName: string;
  /** Exit code. */
  readonly status: number;
}

/** What is read of vitest's JSON report. */
export interface TestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/**
 * Adds up a run: each spec counts as one, each check as one. A project that fails without a failed spec (it does not
 * compile, it crashed), one without a report, and a run of nx that failed by itself each count as one failure.
 */
export function summarise({
  tasks,
  report,
  nxFailed,
}: {
  tasks: readonly TaskResult[];
  report: (project: string) => TestReport | undefined;
  nxFailed: boolean;
}): { passed: number; failed: number; notes: string[] } {
  let [passed, failed] = [0, 0];
  const notes: string[] = [];
  const fail = (count: number, note: string) => {
    failed += count;
    notes.push(`failed: ${note}`);
  };

  for (const { target, projectName, status } of tasks) {
    if (target !== 'test') {
      if (status === 0) passed++;
      else fail(1, target);
      continue;
    }
    const specs = report(projectName);
    passed += specs?.numPassedTests ?? 0;
    for (const { name, why } of failures(specs)) fail(1, `${projectName} › ${name}${why}`);
    if (!specs) fail(1, `${projectName} left no report`);
    else if (status !== 0 && specs.numFailedTests === 0) fail(1, `${projectName} failed outside its specs`);
  }
  if (nxFailed && failed === 0) fail(1, 'nx itself');
  return { passed, failed, notes };
}

const failures = (specs: TestReport | undefined) =>
  (specs?.testResults ?? [])
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed')
    .map(({ fullName, failureMessages = [] }) => ({ name: fullName, why: firstLine(failureMessages) }));

/** One line, as it is what a log that keeps little has to tell. */
const firstLine = ([message]: readonly string[]) =>
  message ? `: ${message.split('\n')[0]!.slice(0, 300)}` : '';
