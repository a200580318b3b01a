"""What reads like advertising is told from what a privacy notice has to say."""

import pytest

from processing_register.plain_words import offending, why_not_mail

ADVERTISING = [
    "Get in touch for a free quote.",
    "Call us for your quote.",
    "Get in touch for a quote.",
    "One free month.",
    "Ask about our free, no-obligation consultation.",
    "Get your instant quote.",
    "A free gift for every reader.",
    "Special offer inside.",
    "The latest offers are here.",
    "This offer ends on Friday.",
    "Offers end soon.",
    "Discounted rates for readers.",
    "A discount of a tenth.",
    "Great deals for readers.",
    "Today’s deal is waiting.",
    "A special\ndeal on claims.",
    "Buy our guide.",
    "Privacy notice\nBuy one, get one.",
    "Buy now.",
    "Save money with us.",
    "Save time and money.",
    "It saves you money.",
    "A special price for you.",
    "At half price.",
    "Our lowest prices ever.",
    "Call us today.",
    "Contact our team today.",
    "Call now!",
    "Order today.",
    "Shop now.",
    "Act now.",
    "Hurry, it is nearly over.",
    "Claim your voucher.",
    "A bargain.",
    "It is absolutely free.",
    "Try it for free.",
    "Money off your next order.",
    "Now on offer.",
]
PRIVACY = [
    "You can have a copy of your data free of charge.",
    "You get a free copy, every month if you wish.",
    "Write to us and quote your reference.",
    "This offers you a choice, and it saves 12 months of visits less.",
    "You are free to object at any time.",
    "You are free to request a quote without agreeing to marketing.",
    "Consent is freely given, and you can take it back for free.",
    "You can get a free copy of what we hold.",
    "The Information Commission gives free advice and has a free helpline.",
    "Our site is free from tracking.",
    "We offer a choice for each purpose.",
    "We say more about the services we offer to you.",
    "We explain how we deal with complaints and with a great deal of old data.",
    "Data that we buy from others is named.",
    "What we keep when you buy something from us has a section of its own.",
    "If you ask us for a quote, we keep what you told us for a year.",
    "If you contact us for a quote, we need your address.",
    "Quote your reference when you write to us.",
    "Contact us to have your data removed; the new address counts from today.",
    "You can now call us, or contact us now by letter.",
    "Orders placed today fall under the new notice.",
    "We keep the price you paid and what was ordered.",
    "We save your choice in one cookie.",
    "Special category data is no longer held.",
    "How you can act now has its own section.",
    "Who runs a shop now needs a recipient in the notice.",
]


@pytest.mark.parametrize("words", ADVERTISING)
def test_what_reads_like_advertising_is_found(words: str) -> None:
    assert "reads like advertising" in offending(words).values()
    assert why_not_mail(words)


@pytest.mark.parametrize("words", PRIVACY)
def test_what_a_privacy_notice_has_to_say_passes(words: str) -> None:
    assert offending(words) == {}
