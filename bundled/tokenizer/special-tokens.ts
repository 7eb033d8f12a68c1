/** Tokens with a meaning of their own; their ids are their places in this list. */
export const END_OF_TEXT = '<|endoftext|>';
export const MESSAGE_START = '<|im_start|>';
export const MESSAGE_END = '<|im_end|>';

export const SPECIAL_TOKENS = [END_OF_TEXT, MESSAGE_START, MESSAGE_END] as const;
