// Every generated document, by its path from the root of the repository. The same sources give the same bytes.
import { generateAsyncApi } from './asyncapi.ts';
import { listChannels } from './channels.ts';
import { generateJsonSchemas, nameFile } from './json-schemas.ts';
import { generateSubjectsTable } from './subjects-table.ts';

export const SCHEMA_DIR = 'docs/schema';

export function generateDocuments(): ReadonlyMap<string, string> {
  const channels = listChannels();
  const documents = new Map<string, string>();
  for (const [name, schema] of generateJsonSchemas())
    documents.set(`${SCHEMA_DIR}/${nameFile(name)}`, print(schema));
  documents.set('docs/asyncapi.json', print(generateAsyncApi(channels)));
  documents.set('docs/design/subjects.md', generateSubjectsTable(channels));
  return documents;
}

function print(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
