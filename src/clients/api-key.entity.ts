import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Client } from './client.entity.js';
import type { Scope } from '../access/scope.js';

/** The name of the key that comes from the environment; no other key may have it. */
export const ADMIN_KEY_NAME = 'ADMIN_API_KEY';

/** One key of a client. A client may have several, so that one can be replaced while the other still works. */
@Entity({ name: 'api_keys' })
export class ApiKey {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @ManyToOne(() => Client)
  @JoinColumn({ name: 'client_id' })
  client: Client;

  @Column({ type: 'uuid', name: 'client_id' })
  clientId: string;

  @Column({ type: 'text' })
  name: string;

  @Column({ type: 'text', array: true })
  scopes: Scope[];

  /** SHA-256 of the secret; never leaves the database by accident. */
  @Column({ type: 'bytea', name: 'secret_hash', select: false })
  secretHash: Buffer;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  /** Written at most once a minute. */
  @Column({ type: 'timestamptz', name: 'last_used_at', nullable: true })
  lastUsedAt: Date | null;

  @Column({ type: 'timestamptz', name: 'revoked_at', nullable: true })
  revokedAt: Date | null;
}
