export {
  type Askers,
  askersSchema,
  isHostName,
  NAMES_VERSION,
  type NetworkNames,
  networkNamesSchema,
} from './names/forms.ts';
export * from './names/store-names.ts';
export * from './resolver.ts';
export { parseServerAddress, type ServerAddress } from './server-address.ts';
