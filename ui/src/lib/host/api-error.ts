import type { ApiError } from './bindings';

/** The host promises to reject with an ApiError; a defect on the way must still be shown as one. */
export function asApiError(reason: unknown): ApiError {
  if (isApiError(reason)) return reason;
  const details = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  return { code: 'internal', message: '', hint: null, details };
}

function isApiError(value: unknown): value is ApiError {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value;
}
