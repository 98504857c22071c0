/** The metadata of class-transformer's decorators; `@nestjs/mapped-types` reads it from the same place. */
declare module 'class-transformer/cjs/storage.js' {
  import type { MetadataStorage } from 'class-transformer/types/MetadataStorage.js';

  export const defaultMetadataStorage: MetadataStorage;
}
