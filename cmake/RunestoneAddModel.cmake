# runestone_add_model(<target> SPEC <file>
#                     [STEM <name>] [CLASS <namespace::Name>] [DEFINES <argument=value>...]
#                     [DTYPE f32|f64] [PRECISION f32|bf16] [BACKEND llvm|highway]
#                     [MEMORY_BUDGET <bytes>] [SIZES <name=n>...] [TARGET_CPU <cpu>])
#
# A library of the model that SPEC describes. What links with it can include "<stem>.h" and gets librune; the stem is
# SPEC's name without its extension unless STEM says another (two models of one spec need two). A change of SPEC, of a
# file that it includes, or of the compiler builds the model anew. With BACKEND highway the model is C++ for the
# project's own compiler, on Highway (its headers and libhwy: Debian's libhwy-dev); TARGET_CPU is for llvm alone. With
# MEMORY_BUDGET (64MiB, say) a training step of the sizes SIZES computes again what does not fit into its workspace.
#
#   find_package(Runestone REQUIRED)
#   runestone_add_model(digits SPEC specs/digits_mlp.yaml CLASS app::Digits)
#   target_link_libraries(app PRIVATE digits)
cmake_policy(PUSH)
cmake_policy(VERSION 3.20...3.31)

function(runestone_add_model target)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "SPEC;STEM;CLASS;DTYPE;PRECISION;MEMORY_BUDGET;TARGET_CPU;BACKEND"
    "DEFINES;SIZES")
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "runestone_add_model(${target}): unknown argument '${ARG_UNPARSED_ARGUMENTS}'")
  endif()
  if(ARG_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "runestone_add_model(${target}): ${ARG_KEYWORDS_MISSING_VALUES} has no value")
  endif()
  if(NOT ARG_SPEC)
    message(FATAL_ERROR "runestone_add_model(${target}): SPEC is missing")
  endif()
  if(NOT ARG_BACKEND)
    set(ARG_BACKEND llvm)
  elseif(NOT ARG_BACKEND MATCHES "^(llvm|highway)$")
    message(FATAL_ERROR "runestone_add_model(${target}): unknown BACKEND '${ARG_BACKEND}', expected llvm or highway")
  endif()
  if(ARG_TARGET_CPU AND NOT ARG_BACKEND STREQUAL "llvm")
    message(FATAL_ERROR
      "runestone_add_model(${target}): TARGET_CPU is for BACKEND llvm; highway chooses the processor at run time")
  endif()

  get_filename_component(spec "${ARG_SPEC}" ABSOLUTE)
  get_filename_component(stem "${ARG_SPEC}" NAME_WLE)
  string(MAKE_C_IDENTIFIER "${stem}" stem)
  string(REGEX REPLACE "_+" "_" stem "${stem}")
  if(ARG_STEM)
    set(stem "${ARG_STEM}")
  endif()
  set(options "--stem=${stem}" "--backend=${ARG_BACKEND}")
  if(ARG_CLASS)
    list(APPEND options "--class=${ARG_CLASS}")
  endif()
  if(ARG_PRECISION)
    list(APPEND options "--precision=${ARG_PRECISION}")
  endif()
  if(ARG_DTYPE)
    list(APPEND options "--dtype=${ARG_DTYPE}")
  endif()
  if(ARG_TARGET_CPU)
    list(APPEND options "--target-cpu=${ARG_TARGET_CPU}")
  endif()
  if(ARG_MEMORY_BUDGET)
    list(APPEND options "--memory-budget=${ARG_MEMORY_BUDGET}")
  endif()
  foreach(size IN LISTS ARG_SIZES)
    list(APPEND options "--size=${size}")
  endforeach()
  foreach(define IN LISTS ARG_DEFINES)
    list(APPEND options -D "${define}")
  endforeach()

  set(folder "${CMAKE_CURRENT_BINARY_DIR}/${target}.model")
  file(MAKE_DIRECTORY "${folder}")
  set(extension o)
  if(ARG_BACKEND STREQUAL "highway")
    set(extension cc)
  endif()
  set(code "${folder}/${stem}.${extension}")
  add_custom_command(
    OUTPUT "${code}" "${folder}/${stem}.h"
    COMMAND Runestone::runec build "${spec}" -o "${folder}" ${options} "--depfile=${folder}/${stem}.d"
    DEPENDS "${spec}" Runestone::runec
    DEPFILE "${folder}/${stem}.d"
    COMMENT "Compiling the model ${stem}"
    VERBATIM)
  add_library(${target} STATIC "${code}" "${folder}/${stem}.h")
  if(ARG_BACKEND STREQUAL "highway")
    find_path(RUNESTONE_HIGHWAY_INCLUDE_DIR hwy/highway.h REQUIRED)
    find_library(RUNESTONE_HIGHWAY_LIBRARY hwy REQUIRED)
    target_include_directories(${target} SYSTEM PRIVATE "${RUNESTONE_HIGHWAY_INCLUDE_DIR}")
    target_compile_features(${target} PRIVATE cxx_std_17)
    target_link_libraries(${target} PUBLIC Runestone::rune PRIVATE "${RUNESTONE_HIGHWAY_LIBRARY}")
  else()
    set_source_files_properties("${code}" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
    target_link_libraries(${target} INTERFACE Runestone::rune)
  endif()
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)
  target_include_directories(${target} INTERFACE "${folder}")
endfunction()

cmake_policy(POP)
