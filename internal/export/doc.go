// Package export writes what history keeps as tables that other tools read: Parquet, CSV, or a JSON object a
// line. Rows go out as they come in, so that memory does not grow with them.
//
// A name that a stranger chose is data here, not text for a person: Parquet and JSON keep it. CSV has no form of
// its own for control characters and is opened by spreadsheets, so there they are escaped, and a text that a
// spreadsheet would run as a formula gets an apostrophe before it.
package export
