import { useMutation, useQueryClient } from '@tanstack/react-query';
import { remove } from '../../api/http.js';
import { ConfirmButton } from '../../components/confirm-button.js';
import { tellDone, tellFailed } from '../../components/tell.js';

export interface DeleteFileProps {
  readonly id: string;
  readonly name: string;
  readonly size: 'compact-xs' | 'sm';
  readonly onDeleted?: () => void;
}

/** Deletes a file that no job needs. */
export function DeleteFile({ id, name, size, onDeleted }: DeleteFileProps) {
  const client = useQueryClient();
  const erase = useMutation({
    mutationFn: () => remove(`/v1/files/${id}`),
    onSuccess: async () => {
      tellDone(`${name} is deleted.`);
      onDeleted?.();
      await client.invalidateQueries({ queryKey: ['files'], exact: true });
    },
    onError: tellFailed(`${name} was not deleted`),
  });
  return (
    <ConfirmButton
      label="Delete"
      of={name}
      size={size}
      loading={erase.isPending}
      question={`${name} is removed from the server. Adapters that were trained on it stay.`}
      confirm="Delete this file"
      onConfirm={() => {
        erase.mutate();
      }}
    />
  );
}
