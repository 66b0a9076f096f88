// Every generated document, by its path from the root of the repository. The same sources give the same bytes.
import { generateAsyncApi } from './asyncapi.ts';
import { listChannels } from './channels.ts';
import { generateJsonSchemas, generateStoredSchemas, nameFile } from './json-schemas.ts';
import { generateSubjectsTable } from './subjects-table.ts';

export const SCHEMA_DIR = 'docs/schema';
/** Frozen: what is stored is read for ever. */
export const STORED_DIR = 'docs/schema/stored';

export function generateDocuments(): ReadonlyMap<string, string> {
  const channels = listChannels();
  const documents = new Map<string, string>();
  for (const [name, schema] of generateJsonSchemas())
    documents.set(`${SCHEMA_DIR}/${nameFile(name)}`, print(schema));
  for (const [file, schema] of generateStoredSchemas()) documents.set(`${STORED_DIR}/${file}`, print(schema));
  documents.set('docs/asyncapi.json', print(generateAsyncApi(channels)));
  documents.set('docs/design/subjects.md', generateSubjectsTable(channels));
  return documents;
}

function print(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
