// What is wrong with an expression, as an issue about its field.

import { type Issue, invalid } from '../../api/issues.ts';
import type { Expression } from './expressions.ts';

/** `shown`: the text as it stands in the object, where it was compiled without the spaces around it. */
export const compileIssues = (field: string, expression: Expression, shown = expression.text): Issue[] =>
  'problem' in expression ? [invalid(field, shown, expression.problem)] : [];
