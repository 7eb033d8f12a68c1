import { notifications } from '@mantine/notifications';

/** Tells in a corner of the screen that something was done. */
export function tellDone(message: string): void {
  notifications.show({ message, color: 'green' });
}

/** Tells in a corner of the screen that something was not done, and the API's reason. */
export function tellFailed(title: string): (error: Error) => void {
  return (error) => {
    notifications.show({ title, message: error.message, color: 'red', autoClose: 10_000 });
  };
}
