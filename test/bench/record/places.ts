// Where results and what is made of them are kept.
import { inProject } from '../../harness/root.ts';

export const resultsFolder = inProject('docs', 'benchmarks', 'results');
export const plotsFolder = inProject('docs', 'benchmarks', 'plots');
export const readmeFile = inProject('docs', 'benchmarks', 'README.md');
