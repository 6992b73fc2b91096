; r0 = r1 / r10, r1 = r1 % r10, unsigned, r10 not 0: one div_step per bit that the quotient can have.
; Changes r11, r12; return address r23.
div:    move  r0, 0
        clz   r11, r1
        clz   r12, r10
        sub   r12, r12, r11, mi, below  ; highest possible bit of the quotient
        sub   r12, 31, r12
        add   r12, r12, steps
        jump  r12
steps:
        div_step d0, r10, d0, 31
        div_step d0, r10, d0, 30
        div_step d0, r10, d0, 29
        div_step d0, r10, d0, 28
        div_step d0, r10, d0, 27
        div_step d0, r10, d0, 26
        div_step d0, r10, d0, 25
        div_step d0, r10, d0, 24
        div_step d0, r10, d0, 23
        div_step d0, r10, d0, 22
        div_step d0, r10, d0, 21
        div_step d0, r10, d0, 20
        div_step d0, r10, d0, 19
        div_step d0, r10, d0, 18
        div_step d0, r10, d0, 17
        div_step d0, r10, d0, 16
        div_step d0, r10, d0, 15
        div_step d0, r10, d0, 14
        div_step d0, r10, d0, 13
        div_step d0, r10, d0, 12
        div_step d0, r10, d0, 11
        div_step d0, r10, d0, 10
        div_step d0, r10, d0, 9
        div_step d0, r10, d0, 8
        div_step d0, r10, d0, 7
        div_step d0, r10, d0, 6
        div_step d0, r10, d0, 5
        div_step d0, r10, d0, 4
        div_step d0, r10, d0, 3
        div_step d0, r10, d0, 2
        div_step d0, r10, d0, 1
        div_step d0, r10, d0, 0
below:  jump  r23
