#!/usr/bin/env bash
# Gathers an account's bill into one file, before anything is installed. Run it in AWS CloudShell, which has the AWS command line
# and your own rights, or wherever `aws` works:
#
#     bash glidepath-intake.sh            writes glidepath-intake-ACCOUNT.json
#     bash glidepath-intake.sh my.json    writes my.json
#
# It only reads: sts get-caller-identity, ce get-cost-and-usage, billing get-credits. AWS charges 0.01 USD for each page of costs,
# commonly 0.02 to 0.10 USD in all. The file holds the account's number, its costs and usage by service and day over the last six
# months and this one, and its credits. It holds no names of resources, no tags and no secrets.
#
# Then, anywhere, without a config:
#
#     glidepath projection draft --from glidepath-intake-ACCOUNT.json
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

if ! command -v aws > /dev/null; then
    say "The AWS command line is not here. Run this in AWS CloudShell, or install it: https://aws.amazon.com/cli/"
    exit 1
fi

caller=$(aws sts get-caller-identity --output json) || {
    say "AWS does not say whose credentials these are. Sign in first, for example in AWS CloudShell."
    exit 1
}
account=$(printf '%s' "$caller" | sed -n 's/.*"Account": *"\([0-9]*\)".*/\1/p')
made_at=$(date -u +%Y-%m-%dT%H:%M:%SZ)
start=$(date -u -d "$(date -u +%Y-%m-01) -6 months" +%Y-%m-%d)
end=$(date -u +%Y-%m-%d)
year_ago=$(date -u -d '-364 days' +%Y-%m-%d)
target=${1:-glidepath-intake-$account.json}
partial=$(mktemp "$target.XXXXXX")
trap 'rm -f "$partial"' EXIT

# All pages of one question, as a JSON list. The arguments are those of the question.
pages() {
    local token='' answer separator='' count=0
    printf '['
    while :; do
        if [ -n "$token" ]; then
            answer=$(aws ce get-cost-and-usage "$@" --no-paginate --output json --next-page-token "$token") || return 1
        else
            answer=$(aws ce get-cost-and-usage "$@" --no-paginate --output json) || return 1
        fi
        printf '%s%s' "$separator" "$answer"
        separator=','
        count=$((count + 1))
        token=$(printf '%s' "$answer" | sed -n 's/.*"NextPageToken": *"\([^"]*\)".*/\1/p' | head -n 1)
        [ -n "$token" ] || break
        if [ "$count" -ge 100 ]; then
            say "Cost Explorer does not come to an end after 100 pages."
            return 1
        fi
    done
    printf ']'
}

failed() {
    say "Cost Explorer did not answer. It needs ce:GetCostAndUsage and, once, Cost Explorer switched on in the billing console."
    exit 1
}

period=(--time-period "Start=$start,End=$end" --granularity DAILY)
gross='{"Not":{"Dimensions":{"Key":"RECORD_TYPE","Values":["Credit","Refund","Tax"]}}}'

say "Account $account, $start to $end: the money ..."
money=$(pages "${period[@]}" --metrics UnblendedCost \
    --group-by Type=DIMENSION,Key=SERVICE Type=DIMENSION,Key=RECORD_TYPE) || failed
say "... its detail ..."
detail=$(pages "${period[@]}" --metrics UnblendedCost UsageQuantity --filter "$gross" \
    --group-by Type=DIMENSION,Key=SERVICE Type=DIMENSION,Key=USAGE_TYPE) || failed
say "... and the credits."
if ! credits=$(aws billing get-credits --account-id "$account" --start-date "$year_ago" --output json 2> /dev/null); then
    say "Credits were not told: the right billing:GetCredits is missing, or this AWS command line is too old. The file has none."
    credits=null
fi

# Parts of megabytes go through the file and never through an argument.
{
    printf '{"glidepath_intake": 1, "made_at": "%s",\n"caller": ' "$made_at"
    printf '%s' "$caller"
    printf ',\n"money": '
    printf '%s' "$money"
    printf ',\n"detail": '
    printf '%s' "$detail"
    printf ',\n"credits": '
    printf '%s' "$credits"
    printf '}\n'
} > "$partial"
mv "$partial" "$target"
trap - EXIT
say "Written: $target"
