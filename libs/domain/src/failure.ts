/** Why a job or an import ended without a result. */
export interface Failure {
  /** Stable snake_case identifier, for example `out_of_memory`. */
  readonly code: string;
  /** One sentence for the person who submitted the work. */
  readonly message: string;
  /** The request field at fault, for example `training_file`. */
  readonly param: string | null;
  /** The request itself is at fault: sent again, it fails again. */
  readonly invalid?: true;
}
