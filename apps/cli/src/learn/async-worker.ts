import { runAsyncDriftJob, runAsyncStudyJob } from '@weir/simulation';
import type { AsyncJob } from './async.ts';
import { runInThread } from './thread.ts';

runInThread((job: AsyncJob) => (job.kind === 'study' ? runAsyncStudyJob(job) : runAsyncDriftJob(job)));
