// An absolute path as the kernel takes it: Go's path.Clean and POSIX say the same of those.

export function cleanPath(absolute: string): string {
  const kept: string[] = [];
  for (const part of absolute.split('/')) {
    if (part === '..') kept.pop();
    else if (part !== '' && part !== '.') kept.push(part);
  }
  return `/${kept.join('/')}`;
}
