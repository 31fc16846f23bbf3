/**
 * Matches `device/point` names: `*` stands for any run of characters within one segment, `**` for any run at all.
 * Everything else is literal.
 */
export function globToRegExp(glob: string): RegExp {
  const source = glob.replace(/\*\*|\*|[.+?^${}()|[\]\\]/g, (token) =>
    token === '**' ? '.*' : token === '*' ? '[^/]*' : `\\${token}`,
  );
  return new RegExp(`^${source}$`);
}
