import type { Results } from '../measure/results.ts';
import type { LearningPlotOptions } from './learning-plot.ts';

// What draws is loaded when something is drawn: it takes longer than all else of the lab.

/** One HTML document that loads nothing and runs no script. The same results give the same document. */
export const reportHtml = async (results: Results): Promise<string> =>
  (await import('./report.ts')).reportHtml(results);

/** An SVG file of what learners did in the simulator. */
export const learningPlotSvg = async (options: LearningPlotOptions): Promise<string> =>
  (await import('./learning-plot.ts')).learningPlotSvg(options);
