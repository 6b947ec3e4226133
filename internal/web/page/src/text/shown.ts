// What a reader would not see, or would be misled by: control bytes, and marks that turn the direction of text around.
const hidden = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** shown makes visible what a server's own words hide: a name of "a\nb" is shown as written here. */
export function shown(text: string | null | undefined): string {
  return (text ?? '').replace(hidden, (c) => {
    const code = c.charCodeAt(0)
    if (code === 10) return '\\n'
    if (code === 13) return '\\r'
    if (code === 9) return '\\t'
    return code < 256 ? '\\x' + code.toString(16).padStart(2, '0') : '\\u' + code.toString(16).padStart(4, '0')
  })
}
