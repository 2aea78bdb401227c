# hy_module(NAME SOURCES a.c ... LINK other targets): one folder of src/.  LINK says which modules it
# may use; tests/layers.sh checks the #include lines against the same table in words.
function(hy_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(hy_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(hy_${name} PUBLIC hybrid_flags ${ARG_LINK})
endfunction()

# hy_add_kernels(a b c): kernels/a.c defines hy_kernel_a, and so on.  Writes the list which
# src/kernel/registry.h declares.
function(hy_add_kernels)
  set(sources "")
  set(HY_KERNEL_EXTERNS "")
  set(HY_KERNEL_LIST "")
  list(SORT ARGN)
  foreach(name IN LISTS ARGN)
    list(APPEND sources ${name}.c)
    string(APPEND HY_KERNEL_EXTERNS "extern const hy_kernel hy_kernel_${name};\n")
    string(APPEND HY_KERNEL_LIST "    &hy_kernel_${name},\n")
  endforeach()
  configure_file(${PROJECT_SOURCE_DIR}/cmake/kernel_list.c.in ${PROJECT_BINARY_DIR}/generated/kernel_list.c)
  add_library(hybrid_kernels STATIC ${sources} ${PROJECT_BINARY_DIR}/generated/kernel_list.c)
  target_link_libraries(hybrid_kernels PUBLIC hybrid_flags hy_kernel hy_numeric OpenMP::OpenMP_C m)
endfunction()
