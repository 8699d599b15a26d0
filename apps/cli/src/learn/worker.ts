import { runLearning } from '@weir/simulation';
import { runInThread } from './thread.ts';

runInThread(runLearning);
