/** What adapters are trained to do, for example `reviews`: adapters of one task are compared with each other. */
export interface Task {
  /** The task's public name. */
  readonly id: string;
  readonly description: string;
  readonly createdAt: Date;
}
