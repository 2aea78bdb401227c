/** @file bundle.c
 *  The files of a job, read once where the job was started and sent to the other ranks.
 *
 *  Packed: for each item its length (8 bytes, little endian) and its bytes: path, text, number
 *  of overrides, each of them, number of files, and path, path from the root, digest, kind ("t"
 *  or "d"), bytes of each; then the SHA-256 of all that.  A bundle that was cut or changed is
 *  never parsed. */
#include "job/internal.h"

#include "base/digest.h"
#include "base/io.h"

#include <stdlib.h>
#include <string.h>

void hy_bundle_free(hy_bundle *b)
{
  if (!b) return;
  for (int i = 0; i < b->nsets; i++) free(b->sets[i]);
  for (int i = 0; i < b->nfiles; i++) {
    free(b->files[i].path);
    free(b->files[i].absolute);
    free(b->files[i].bytes);
  }
  free(b->sets);
  free(b->files);
  free(b->path);
  free(b->text);
  free(b);
}

static bundle_file *find(const hy_bundle *b, const char *path, bool with_text)
{
  for (int i = 0; i < b->nfiles; i++)
    if (strcmp(b->files[i].path, path) == 0 && (b->files[i].bytes != NULL) == with_text)
      return &b->files[i];
  return NULL;
}

static bundle_file *add(hy_bundle *b, const char *path)
{
  bundle_file *files = realloc(b->files, ((size_t)b->nfiles + 1) * sizeof *files);

  if (!files) return NULL;
  b->files = files;
  files[b->nfiles] = (bundle_file){.path = strdup(path), .absolute = realpath(path, NULL)};
  if (files[b->nfiles].path && files[b->nfiles].absolute) return &files[b->nfiles++];
  free(files[b->nfiles].path);
  free(files[b->nfiles].absolute);
  return NULL;
}

hy_code bundle_text(hy_bundle *b, const char *path, const bundle_file **file, hy_err *err)
{
  bundle_file *f = find(b, path, true);
  char        *bytes = NULL;
  size_t       n = 0;

  if (!f && !b->reads) return hy_fail(err, HY_EBUG, "%s is not in the bundle", path);
  if (!f) {
    const hy_code rc = hy_io_load(path, MAX_CSV_BYTES, &bytes, &n, err);

    if (rc) return rc;
    f = add(b, path);
    if (!f) {
      free(bytes);
      return hy_fail(err, HY_ENOMEM, "no memory for %s", path);
    }
    f->bytes = bytes;
    f->n = n;
    hy_sha256_of(bytes, n, f->digest);
  }
  *file = f;
  return HY_OK;
}

hy_code bundle_digest(hy_bundle *b, const char *path, const bundle_file **file, hy_err *err)
{
  bundle_file *f = find(b, path, false);
  uint8_t      digest[32];

  if (!f && !b->reads) return hy_fail(err, HY_EBUG, "%s is not in the bundle", path);
  if (!f) {
    const hy_code rc = hy_io_digest(path, digest, err);

    if (rc) return rc;
    f = add(b, path);
    if (!f) return hy_fail(err, HY_ENOMEM, "no memory for %s", path);
    memcpy(f->digest, digest, 32);
  }
  *file = f;
  return HY_OK;
}

static void put_count(hy_str *out, uint64_t n)
{
  uint8_t bytes[8];

  for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)(n >> 8 * i);
  hy_str_add_bytes(out, bytes, 8);
}

static void put(hy_str *out, const void *bytes, size_t n)
{
  put_count(out, n);
  hy_str_add_bytes(out, bytes, n);
}

hy_code hy_bundle_pack(const hy_bundle *bundle, hy_str *bytes, hy_err *err)
{
  const size_t start = bytes->len;
  uint8_t      digest[32];

  put(bytes, bundle->path, strlen(bundle->path));
  put(bytes, bundle->text, bundle->text_len);
  put_count(bytes, (uint64_t)bundle->nsets);
  for (int i = 0; i < bundle->nsets; i++) put(bytes, bundle->sets[i], strlen(bundle->sets[i]));
  put_count(bytes, (uint64_t)bundle->nfiles);
  for (int i = 0; i < bundle->nfiles; i++) {
    const bundle_file *f = &bundle->files[i];

    put(bytes, f->path, strlen(f->path));
    put(bytes, f->absolute, strlen(f->absolute));
    put(bytes, f->digest, 32);
    put(bytes, f->bytes ? "t" : "d", 1);
    put(bytes, f->bytes ? f->bytes : "", f->n);
  }
  if (bytes->failed) return hy_fail(err, HY_ENOMEM, "no memory to send the job");
  hy_sha256_of(bytes->text + start, bytes->len - start, digest);
  hy_str_add_bytes(bytes, digest, sizeof digest);
  return bytes->failed ? hy_fail(err, HY_ENOMEM, "no memory to send the job") : HY_OK;
}

typedef struct reader {
  const uint8_t *at;
  size_t         left;
  bool           bad;
} reader;

static size_t get_count(reader *r)
{
  uint64_t n = 0;

  if (r->left < 8) r->bad = true;
  for (int i = 0; !r->bad && i < 8; i++) n |= (uint64_t)r->at[i] << 8 * i;
  if (r->bad) return 0;
  r->at += 8;
  r->left -= 8;
  return (size_t)n;
}

/** A copy of the next item with a zero byte behind it; NULL: bad. */
static char *get(reader *r, size_t *n)
{
  const size_t len = get_count(r);
  char        *copy = !r->bad && len <= r->left ? malloc(len + 1) : NULL;

  if (!copy) {
    r->bad = true;
    return NULL;
  }
  memcpy(copy, r->at, len);
  copy[len] = 0;
  r->at += len;
  r->left -= len;
  if (n) *n = len;
  return copy;
}

static void get_file(reader *r, bundle_file *f)
{
  size_t digest_len = 0, kind_len = 0;
  char  *digest, *kind;

  f->path = get(r, NULL);
  f->absolute = get(r, NULL);
  digest = get(r, &digest_len);
  kind = get(r, &kind_len);
  f->bytes = get(r, &f->n);
  if (digest_len != 32 || kind_len != 1) r->bad = true;
  if (!r->bad) memcpy(f->digest, digest, 32);
  if (!r->bad && kind[0] == 'd') {
    free(f->bytes);
    f->bytes = NULL;
  }
  free(digest);
  free(kind);
}

hy_code hy_bundle_unpack(const void *bytes, size_t n, hy_bundle **bundle, hy_err *err)
{
  uint8_t digest[32] = {0};

  if (n >= sizeof digest) hy_sha256_of(bytes, n - sizeof digest, digest);
  if (n < sizeof digest ||
      memcmp((const char *)bytes + n - sizeof digest, digest, sizeof digest) != 0)
    return hy_fail(err, HY_EBUG, "the job was not received whole");
  reader     r = {bytes, n - sizeof digest, false};
  hy_bundle *b = calloc(1, sizeof *b);
  size_t     count;

  if (!b) return hy_fail(err, HY_ENOMEM, "no memory for the job");
  b->path = get(&r, NULL);
  b->text = get(&r, &b->text_len);
  count = get_count(&r);
  if (count > r.left / 8) r.bad = true;
  if (!r.bad) b->sets = calloc(count + 1, sizeof *b->sets);
  for (size_t i = 0; !r.bad && b->sets && i < count; i++) b->sets[b->nsets++] = get(&r, NULL);
  count = get_count(&r);
  if (count > r.left / 8) r.bad = true;
  if (!r.bad) b->files = calloc(count + 1, sizeof *b->files);
  for (size_t i = 0; !r.bad && b->files && i < count; i++) get_file(&r, &b->files[b->nfiles++]);
  if (r.bad || r.left || !b->sets || !b->files) {
    hy_bundle_free(b);
    return hy_fail(err, HY_EBUG, "the job was not received whole");
  }
  *bundle = b;
  return HY_OK;
}
