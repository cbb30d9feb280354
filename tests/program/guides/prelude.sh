# What the guides' internet is on this machine: providers, reputation services and a receiver of messages, all fakes.
dialguard() {
    local arguments=("${@//localhost:9000/$RECEIVER}")
    case "$*" in
    "providers add "*--twilio*) arguments+=(--base-url "$PROVIDER/2010-04-01") ;;
    "providers add "*--telnyx*) arguments+=(--base-url "$PROVIDER/v2") ;;
    "sources add "*--trustcall* | "sources add "*--telnyx* | "sources add "*--nomorobo*) arguments+=(--base-url "$SOURCE") ;;
    esac
    command "$DIALGUARD" "${arguments[@]}"
}

# `dialguard serve` takes any free port here, and is found where the guides say it is.
curl() {
    command curl --silent --show-error --noproxy '*' --connect-to "localhost:3425:$SERVED" "$@"
}
