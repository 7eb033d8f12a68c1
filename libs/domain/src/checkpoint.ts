/** Adapter weights in the middle of a training. */
export interface Checkpoint {
  readonly id: string;
  readonly jobId: string;
  /** Optimiser step after which it was taken. */
  readonly step: number;
  readonly trainLoss: number | null;
  readonly validLoss: number | null;
  /** sha256 of the blob in lower-case hex. */
  readonly digest: string;
  readonly blobKey: string;
  readonly bytes: number;
  readonly createdAt: Date;
}

export type NewCheckpoint = Omit<Checkpoint, 'id' | 'createdAt'>;
