# cmake -DNAME=identifier -DOUTPUT=file.cpp "-DINPUTS=a.js;b.js" -P embed_text.cmake
# Writes texts, one after the other, as one constant: `extern const std::string_view NAME`.
set(parts "")
foreach(input IN LISTS INPUTS)
  file(READ "${input}" text)
  # One literal per 16 kB: compilers limit the length of one.
  string(LENGTH "${text}" left)
  set(at 0)
  while(at LESS left)
    string(SUBSTRING "${text}" ${at} 16000 piece)
    string(APPEND parts "    R\"~wattlas~(${piece})~wattlas~\"\n")
    math(EXPR at "${at} + 16000")
  endwhile()
endforeach()
file(WRITE "${OUTPUT}.new" "// Made by cmake/embed_text.cmake from ${INPUTS}\n#include <string_view>\n\n"
     "namespace wattlas::embedded {\nextern const std::string_view ${NAME};\n"
     "const std::string_view ${NAME} =\n${parts}    ;\n}  // namespace wattlas::embedded\n")
file(RENAME "${OUTPUT}.new" "${OUTPUT}")
