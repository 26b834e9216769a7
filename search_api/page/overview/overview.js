// The index page: what is indexed, and how well.

export function showOverview() {}

export function leaveOverview() {}
