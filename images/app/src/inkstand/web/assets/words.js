// The words of scripts in other languages, by the English ones; the server has one for each language.
export default {};
