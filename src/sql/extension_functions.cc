#include "sql/extension_functions.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>

namespace sluice::sql {

bool computes_in_c(std::string_view name) {
  // Families, and below what has everyday names.
  static constexpr std::string_view kPrefixes[] = {"similarity",
                                                   "word_similarity",
                                                   "strict_word_similarity",
                                                   "gtrgm_",
                                                   "citext",
                                                   "hstore",
                                                   "ltree",
                                                   "lquery",
                                                   "ltxtq",
                                                   "lt_q_",
                                                   "_ltree",
                                                   "_ltq",
                                                   "_lt_q_",
                                                   "_ltxtq",
                                                   "_int_",
                                                   "rb_",
                                                   "intarray_",
                                                   "cube",
                                                   "levenshtein",
                                                   "dmetaphone",
                                                   "uuid_generate_",
                                                   "uuid_ns_",
                                                   "pgp_",
                                                   "vector",
                                                   "halfvec",
                                                   "sparsevec",
                                                   "geometry",
                                                   "geography",
                                                   "st_",
                                                   "_st_",
                                                   "box2d",
                                                   "box3d"};
  static const std::unordered_set<std::string_view> kNames = {
      // pg_trgm, unaccent, uuid-ossp
      "show_trgm", "unaccent", "uuid_nil",
      // hstore
      "akeys", "avals", "skeys", "svals", "each", "slice", "slice_array", "exist", "exists_any",
      "exists_all", "isexists", "isdefined", "defined", "fetchval", "tconvert", "hs_concat",
      "hs_contains", "hs_contained", "delete",
      // ltree, intarray
      "lca", "nlevel", "subltree", "subpath", "index", "text2ltree", "intset", "icount", "sort",
      "sort_asc", "sort_desc", "uniq", "idx", "subarray", "intset_union_elem", "intset_subtract",
      "boolop", "rboolop", "bqarr_in", "bqarr_out", "querytree",
      // cube, fuzzystrmatch
      "distance_chebyshev", "distance_taxicab", "geo_distance", "metaphone", "soundex",
      "text_soundex", "difference", "daitch_mokotoff",
      // pgcrypto
      "digest", "hmac", "crypt", "gen_salt", "gen_random_bytes", "gen_random_uuid", "encrypt",
      "encrypt_iv", "decrypt", "decrypt_iv", "armor", "dearmor",
      // pgvector
      "l2_distance", "inner_product", "cosine_distance", "l1_distance", "negative_inner_product",
      "hamming_distance", "jaccard_distance", "l2_norm", "l2_normalize", "binary_quantize",
      "subvector"};
  // PostGIS's rasters are read from files and by their drivers from elsewhere.
  for (const std::string_view part : {"gdal", "raster", "band"})
    if (name.find(part) != std::string_view::npos) return false;
  return kNames.contains(name) ||
         std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

}  // namespace sluice::sql
