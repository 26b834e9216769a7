// The try-out panel: what a captioner says of a picture, indexed nowhere.

export function showTryout() {}

export function leaveTryout() {}
