/** What class-transformer's decorators have said; `@nestjs/mapped-types` reads it from the same place. */
declare module 'class-transformer/cjs/storage.js' {
  import type { MetadataStorage } from 'class-transformer/types/MetadataStorage.js';

  export const defaultMetadataStorage: MetadataStorage;
}
