# Writes OUTPUT, a C++ source that holds the files FILES (policies/*.yaml) as they are.
set(entries "")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND entries "      {\"${name}\", R\"sluice(${text})sluice\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"policy/profiles.h\"

namespace sluice::policy {

const std::vector<Profile>& profiles() {
  static const std::vector<Profile> all = {
${entries}  };
  return all;
}

}  // namespace sluice::policy
")
