# Warnings, hardening and sanitizers for every target of ours.
add_library(sluice_options INTERFACE)
target_compile_options(sluice_options INTERFACE -Wall -Wextra -Wpedantic -Werror -pthread)
target_include_directories(sluice_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
add_link_options(-fuse-ld=lld-19)

if(SLUICE_SANITIZE)
  add_compile_options(-fsanitize=${SLUICE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SLUICE_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-fstack-protector-strong -fcf-protection -ftrivial-auto-var-init=zero)
  add_compile_definitions(_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro,-z,now)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()
if(SLUICE_FUZZ)
  # Every object is instrumented for coverage; only fuzz targets link libFuzzer's main.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
