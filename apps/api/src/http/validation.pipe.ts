import { StandardSchemaValidationPipe } from '@nestjs/common';
import { AppError } from '@prad/errors';

type Issues = Parameters<
  NonNullable<NonNullable<ConstructorParameters<typeof StandardSchemaValidationPipe>[0]>['exceptionFactory']>
>[0];
type Issue = Issues[number];

const MOST_ISSUES = 5;

/** Checks parameters against the contract given in their decorator; the error names the field. */
export function validationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({ exceptionFactory: refuse });
}

function refuse(issues: Issues): AppError {
  const shown = issues.slice(0, MOST_ISSUES).map(sentence);
  if (issues.length > MOST_ISSUES) shown.push(`and ${issues.length - MOST_ISSUES} more`);
  const param = issues[0] === undefined ? null : fieldOf(issues[0]);
  return new AppError({
    kind: 'invalid',
    code: 'invalid_request',
    message: shown.join('; '),
    details: { param },
  });
}

function sentence(issue: Issue): string {
  const path = pathOf(issue);
  return path === '' || issue.message.includes('`') ? issue.message : `${path}: ${issue.message}`;
}

function pathOf(issue: Issue): string {
  return (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
}

/** The path, or for unknown fields, which zod reports at their parent, the first of them. */
function fieldOf(issue: Issue): string | null {
  const keys = 'keys' in issue && Array.isArray(issue.keys) ? issue.keys.map(String) : [];
  const path = [pathOf(issue), ...keys.slice(0, 1)].filter((part) => part !== '');
  return path.length === 0 ? null : path.join('.');
}
