// The files of the repository as the tidy tests see them: what git knows or would add, with their text.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const GENERATED = /^(package-lock\.json|LICENSE)$|^docs\/(schema\/|asyncapi)/;

export function listFiles(pattern: RegExp): SourceFile[] {
  return paths
    .filter((path) => pattern.test(path) && !GENERATED.test(path))
    .map((path) => ({ path, text: readFileSync(root + path, 'utf8') }));
}

export const paths: readonly string[] = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
})
  .split('\0')
  .filter((path) => path !== '' && existsSync(root + path));

/** The folders that are packages, and the three that stand beside them. */
export const packages: readonly string[] = [
  ...new Set(
    paths.map(
      (path) => /^((shared|services|agents)\/[^/]+|cli|simulation|test|deploy)\//.exec(path)?.[1] ?? '',
    ),
  ),
].filter(
  (path) => path !== '' && paths.some((file) => file.startsWith(`${path}/`) && /\.(ts|mjs)$/.test(file)),
);

export const isTest = (path: string): boolean =>
  /\.(test|contract|fixture)\.ts$/.test(path) || /^(test|simulation|shared\/testing)\//.test(path);

/** Code without its comments and the text of its strings, line for line; the code inside of templates stays. */
export function stripProse(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, (match) =>
    match.replace(/[^\n]/g, ' '),
  );
}

/** `path:line`, for a failure that an editor can jump to. */
export function findLines({ path, text }: SourceFile, pattern: RegExp): string[] {
  return text
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : []));
}
