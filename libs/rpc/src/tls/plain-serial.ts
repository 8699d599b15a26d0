/** As numbers of certificates are compared: without leading zeros. */
export const plainSerial = (serial: string): string => serial.toLowerCase().replace(/^0+/, '');
