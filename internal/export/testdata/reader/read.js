// node read.js FILE prints a Parquet file as JSON: its columns with their types, and its rows.
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'

const file = await asyncBufferFromFile(process.argv[2])
const metadata = await parquetMetadataAsync(file)
const columns = metadata.schema.slice(1).map(({ name, type, repetition_type, logical_type }) => ({
  name,
  type,
  optional: repetition_type === 'OPTIONAL',
  logical: logical_type
    ? [logical_type.type, logical_type.unit, logical_type.isAdjustedToUTC === true ? 'UTC' : undefined].filter(Boolean).join(' ')
    : '',
}))
const rows = await parquetReadObjects({ file, metadata })
const plain = (key, value) => (typeof value === 'bigint' ? value.toString() : value)
process.stdout.write(JSON.stringify({ createdBy: metadata.created_by, groups: metadata.row_groups.length, columns, rows }, plain))
