#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// What is kept of an approved statement so that it can be undone.
namespace sluice::undo {

struct ImageColumn {
  std::string name;
  std::string type;        ///< as format_type gives it
  bool generated = false;  ///< the server computes it
  bool identity = false;   ///< given by OVERRIDING SYSTEM VALUE when a row is inserted only
  friend bool operator==(const ImageColumn&, const ImageColumn&) = default;
};

/// One row that a statement has changed. Texts are the server's own of a whole row
/// (`t::pg_catalog.text`), with the settings of `image_settings`.
struct RowImage {
  std::string key;                    ///< its primary key, as such a text
  std::optional<std::string> before;  ///< nothing: it was inserted
  std::optional<std::string> after;   ///< nothing: it was deleted
  friend bool operator==(const RowImage&, const RowImage&) = default;
};

struct TableImages {
  std::string schema, name;
  std::vector<ImageColumn> columns;
  std::vector<std::string> key;  ///< columns of the primary key
  std::vector<RowImage> rows;
  friend bool operator==(const TableImages&, const TableImages&) = default;

  std::string qualified_name() const { return schema + "." + name; }
};

/// What one statement has changed, tables that others refer to before those.
struct Images {
  std::string transaction;  ///< the server's, as pg_current_xact_id gives it
  std::vector<TableImages> tables;
  friend bool operator==(const Images&, const Images&) = default;

  size_t rows() const;
  /// "2 rows of public.orders, 1 row of public.payments".
  std::string summary() const;
};

/// How values are written in images: settings that make texts exact and the same in every session.
std::vector<std::string> image_settings();

/// As JSON. kInvalidInput: not what this makes.
std::string encode(const Images& images);
Result<Images> decode_images(std::string_view text);

/// `"schema"."name"`.
std::string quoted_name(const std::string& schema, const std::string& name);

}  // namespace sluice::undo
