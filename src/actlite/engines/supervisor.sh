# The main process of a job's container: takes steps from a FIFO and runs each one in a session of its
# own, so that a step can be stopped with everything that it started. Sourced by sh (POSIX); the folder
# of the FIFOs is in $_al. Nothing set here is exported, so that steps see the container's environment.
#
#   control  <- "run N": source step.N in a subshell that becomes the step; "ping N": answer; "leave 0": end
#   status   -> "ready FLAGS" once; "pid N PID"; "end N CODE"; "pong N"; "refused N" (host: use exec)

exec 3<>"$_al/status" 4<>"$_al/control"

# _al_find NAME FOLDERS: set _al_found to the program that execvp would start.
_al_find() {
    case $1 in
    */*)
        _al_found=$1
        [ -f "$1" ] && [ -x "$1" ]
        return
        ;;
    esac
    _al_rest=$2:
    while [ -n "$_al_rest" ]; do
        _al_folder=${_al_rest%%:*}
        _al_rest=${_al_rest#*:}
        _al_found=${_al_folder:-.}/$1
        [ -f "$_al_found" ] && [ -x "$_al_found" ] && return 0
    done
    return 1
}

# _al_start N FOLDER PROGRAM PATH: enter the folder and report the process id that the step will have.
_al_start() {
    if ! cd -- "$2" || ! _al_find "$3" "$4" || ! read -r _al_pid _al_rest </proc/self/stat; then
        echo "refused $1" >&3
        exit 0
    fi
    echo "pid $1 $_al_pid" >&3
}

_al_flags=
if _al_find tail "$PATH"; then _al_flags=$_al_flags,tail; fi
if _al_find setsid "$PATH"; then _al_setsid=$_al_found; else _al_setsid=; fi
if _al_find env "$PATH"; then _al_env=$_al_found; else _al_env=; fi
if [ -n "$_al_setsid" ] && [ -n "$_al_env" ] &&
    "$_al_setsid" "$_al_env" -u PWD -u OLDPWD -u SHLVL -u _ >"$_al/env" 2>/dev/null </dev/null 3>&- 4>&-; then
    _al_flags=$_al_flags,session
fi
if [ -r "$_al/private" ]; then _al_flags=$_al_flags,private; fi
echo "ready $_al_flags" >&3

while IFS= read -r _al_line <&4; do
    _al_n=${_al_line#* }
    case $_al_line in
    run\ *)
        # stdin: a pipe at its end, which is what exec gives when its stdin is closed at once.
        : | (. "$_al/step.$_al_n") >"$_al/out.$_al_n" 2>/dev/null
        echo "end $_al_n $?" >&3
        ;;
    ping\ *) echo "pong $_al_n" >&3 ;;
    leave\ *) exit 0 ;;
    esac
done
